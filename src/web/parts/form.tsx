import { type ReactNode, type SubmitEvent, useEffect, useId, useRef, useState } from 'react';
import { asProblem, type Problem } from '../client/ask.ts';
import { useSession } from './session.tsx';

interface Labelled {
  readonly label: string;
  readonly hint?: ReactNode;
  readonly error?: string | null;
}

/** A label, a hint and an error, tied to what `control` draws. */
function Group({
  label,
  hint,
  error = null,
  control,
}: Labelled & { readonly control: (ids: ControlIds) => ReactNode }) {
  const id = useId();
  const described = [hint === undefined ? '' : `${id}-hint`, error === null ? '' : `${id}-error`].join(' ').trim();
  return (
    <div className={`nhsuk-form-group${error === null ? '' : ' nhsuk-form-group--error'}`}>
      <label className="nhsuk-label" htmlFor={id}>
        {label}
      </label>
      {hint !== undefined && (
        <div className="nhsuk-hint" id={`${id}-hint`}>
          {hint}
        </div>
      )}
      {error !== null && (
        <span className="nhsuk-error-message" id={`${id}-error`}>
          {error}
        </span>
      )}
      {control({ id, 'aria-describedby': described === '' ? undefined : described })}
    </div>
  );
}

interface ControlIds {
  readonly id: string;
  readonly 'aria-describedby': string | undefined;
}

export interface TextFieldProps extends Labelled {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly type?: 'text' | 'password' | 'date' | 'datetime-local';
  readonly autoComplete?: string;
  readonly isNumeric?: boolean;
  readonly maxLength?: number;
  readonly isShort?: boolean;
}

export function TextField({
  value,
  onChange,
  type = 'text',
  autoComplete = 'off',
  isNumeric = false,
  maxLength = 300,
  isShort = false,
  ...labelled
}: TextFieldProps) {
  return (
    <Group
      {...labelled}
      control={(ids) => (
        <input
          {...ids}
          className={`nhsuk-input${isShort ? ' nhsuk-input--width-10' : ' nhsuk-u-width-full'}`}
          type={type}
          value={value}
          autoComplete={autoComplete}
          inputMode={isNumeric ? 'numeric' : undefined}
          maxLength={maxLength}
          spellCheck={false}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    />
  );
}

export interface TextAreaProps extends Labelled {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly rows?: number;
  readonly maxLength?: number;
}

export function TextArea({ value, onChange, rows = 3, maxLength = 2000, ...labelled }: TextAreaProps) {
  return (
    <Group
      {...labelled}
      control={(ids) => (
        <textarea
          {...ids}
          className="nhsuk-textarea"
          rows={rows}
          maxLength={maxLength}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    />
  );
}

export interface SelectProps extends Labelled {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly options: readonly (readonly [value: string, text: string])[];
}

export function Select({ value, onChange, options, ...labelled }: SelectProps) {
  return (
    <Group
      {...labelled}
      control={(ids) => (
        <select {...ids} className="nhsuk-select" value={value} onChange={(event) => onChange(event.target.value)}>
          {options.map(([each, text]) => (
            <option key={each} value={each}>
              {text}
            </option>
          ))}
        </select>
      )}
    />
  );
}

export interface RadiosProps {
  readonly legend: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly options: readonly { readonly value: string; readonly text: string; readonly hint?: string }[];
  readonly error?: string | null;
  /** Side by side, for a few short ones. */
  readonly isInline?: boolean;
}

export function Radios({ legend, value, onChange, options, error = null, isInline = false }: RadiosProps) {
  const id = useId();
  return (
    <div className={`nhsuk-form-group${error === null ? '' : ' nhsuk-form-group--error'}`}>
      <fieldset className="nhsuk-fieldset" aria-describedby={error === null ? undefined : `${id}-error`}>
        <legend className="nhsuk-fieldset__legend">{legend}</legend>
        {error !== null && (
          <span className="nhsuk-error-message" id={`${id}-error`}>
            {error}
          </span>
        )}
        <div className={`nhsuk-radios nhsuk-radios--small${isInline ? ' nhsuk-radios--inline' : ''}`}>
          {options.map((option) => (
            <div className="nhsuk-radios__item" key={option.value}>
              <input
                className="nhsuk-radios__input"
                type="radio"
                id={`${id}-${option.value}`}
                name={id}
                checked={option.value === value}
                onChange={() => onChange(option.value)}
              />
              <label className="nhsuk-label nhsuk-radios__label" htmlFor={`${id}-${option.value}`}>
                {option.text}
                {option.hint !== undefined && <span className="ww-quiet">: {option.hint}</span>}
              </label>
            </div>
          ))}
        </div>
      </fieldset>
    </div>
  );
}

export interface CheckboxProps {
  readonly label: ReactNode;
  readonly isChecked: boolean;
  readonly isDisabled?: boolean;
  readonly onChange: (isChecked: boolean) => void;
}

export function Checkbox({ label, isChecked, isDisabled = false, onChange }: CheckboxProps) {
  const id = useId();
  return (
    <div className="nhsuk-checkboxes nhsuk-checkboxes--small">
      <div className="nhsuk-checkboxes__item">
        <input
          className="nhsuk-checkboxes__input"
          type="checkbox"
          id={id}
          checked={isChecked}
          disabled={isDisabled}
          onChange={(event) => onChange(event.target.checked)}
        />
        <label className="nhsuk-label nhsuk-checkboxes__label" htmlFor={id}>
          {label}
        </label>
      </div>
    </div>
  );
}

export interface FormProps {
  readonly button: string;
  readonly isSecondary?: boolean;
  readonly isWarning?: boolean;
  /** What is missing, in a sentence; `null`: it can be sent. */
  readonly check?: () => string | null;
  /** Throws a `Problem` if it did not work; its words are shown. */
  readonly onSend: () => Promise<void>;
  readonly children?: ReactNode;
}

/** A form that says what is missing and what went wrong, and cannot be sent twice at once. */
export function Form({ button, isSecondary = false, isWarning = false, check, onSend, children }: FormProps) {
  const [problem, setProblem] = useState<Pick<Problem, 'message' | 'hint'> | null>(null);
  const [isSending, setSending] = useState(false);
  const { lost } = useSession();
  const summary = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (problem !== null) summary.current?.focus();
  }, [problem]);
  const isAlive = useRef(true);
  useEffect(() => {
    isAlive.current = true;
    return () => {
      isAlive.current = false;
    };
  }, []);

  const send = async (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (isSending) return;
    const missing = check?.() ?? null;
    if (missing !== null) {
      setProblem({ message: missing, hint: '' });
      return;
    }
    setProblem(null);
    setSending(true);
    try {
      await onSend();
    } catch (error) {
      const found = asProblem(error);
      // They sign in, and find here what they wrote.
      if (found.code === 'api/no-token') lost();
      setProblem(found);
    } finally {
      if (isAlive.current) setSending(false);
    }
  };
  const look = isWarning ? ' nhsuk-button--warning' : isSecondary ? ' nhsuk-button--secondary' : '';
  return (
    <form noValidate onSubmit={(event) => void send(event)}>
      {problem !== null && (
        <div className="nhsuk-error-summary" role="alert" tabIndex={-1} ref={summary}>
          <h2 className="nhsuk-error-summary__title">That did not work</h2>
          <div className="nhsuk-error-summary__body">
            <p>
              {problem.message} {problem.hint}
            </p>
          </div>
        </div>
      )}
      {children}
      <button type="submit" className={`nhsuk-button nhsuk-button--small${look}`} aria-disabled={isSending}>
        {isSending ? 'Sending…' : button}
      </button>
    </form>
  );
}
