import { Title } from '../parts/shell.tsx';
export function SetAsidePage() {
  return <Title>SetAside</Title>;
}
