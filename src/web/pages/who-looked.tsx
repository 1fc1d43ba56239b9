import { Title } from '../parts/shell.tsx';
export function WhoLookedPage() {
  return <Title>WhoLooked</Title>;
}
