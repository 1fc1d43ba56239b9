import 'nhsuk-frontend/dist/nhsuk/nhsuk-frontend.min.css';
import './page.css';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { LiveProvider } from './parts/live.tsx';
import { Router } from './parts/router.tsx';
import { SessionProvider } from './parts/session.tsx';

const root = document.getElementById('page');
if (root !== null)
  createRoot(root).render(
    <Router>
      <SessionProvider>
        <LiveProvider>
          <App />
        </LiveProvider>
      </SessionProvider>
    </Router>,
  );
