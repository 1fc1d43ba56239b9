import { Title } from '../parts/shell.tsx';
export function ExceptionsPage() {
  return <Title>Exceptions</Title>;
}
