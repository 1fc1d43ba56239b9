import { Problem } from './ask.ts';

/**
 * Sends a file as it is. Unlike `fetch`, this tells how far it is.
 *
 * @param onPart 0 to 1
 * @param to where; its name is put behind
 * @throws Problem
 */
export function sendFile(file: File, onPart: (part: number) => void, to = 'api/v1/scans?name='): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', `${to}${encodeURIComponent(file.name.slice(-200))}`);
    request.setRequestHeader('x-wardwatch', 'page');
    request.setRequestHeader('content-type', 'application/octet-stream');
    request.upload.addEventListener('progress', ({ loaded, total }) => onPart(total === 0 ? 0 : loaded / total));
    request.addEventListener('load', () => (request.status === 200 ? resolve() : reject(problemOf(request))));
    request.addEventListener('error', () =>
      reject(new Problem('web/unreachable', 'The file did not arrive.', 'Check your network, and try again.')),
    );
    request.send(file);
  });
}

function problemOf({ status, responseText }: XMLHttpRequest): Problem {
  try {
    const { code, message, hint } = JSON.parse(responseText) as Record<'code' | 'message' | 'hint', string>;
    return new Problem(code, message, hint);
  } catch {
    return new Problem(`http/${status}`, `The answer was ${status}.`, 'Try again in a minute.');
  }
}
