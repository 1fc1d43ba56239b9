import { Title } from '../parts/shell.tsx';
export function IncidentPage() {
  return <Title>Incident</Title>;
}
