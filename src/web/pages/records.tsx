import { Title } from '../parts/shell.tsx';
export function RecordsPage() {
  return <Title>Records</Title>;
}
