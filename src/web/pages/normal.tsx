import { Title } from '../parts/shell.tsx';
export function NormalPage() {
  return <Title>Normal</Title>;
}
