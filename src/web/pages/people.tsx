import { Title } from '../parts/shell.tsx';
export function PeoplePage() {
  return <Title>People</Title>;
}
