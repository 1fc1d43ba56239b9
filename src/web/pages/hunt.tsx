import { Title } from '../parts/shell.tsx';
export function HuntPage() {
  return <Title>Hunt</Title>;
}
