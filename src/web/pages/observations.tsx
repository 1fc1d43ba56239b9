import { Title } from '../parts/shell.tsx';
export function ObservationsPage() {
  return <Title>Observations</Title>;
}
