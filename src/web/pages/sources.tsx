import { Title } from '../parts/shell.tsx';
export function SourcesPage() {
  return <Title>Sources</Title>;
}
