export interface Person {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly hasSecondFactor: boolean;
}

type Done = Readonly<Record<string, unknown>>;

export interface PendingApi {
  'GET /api/v1/session': { input: object; answer: { person: Person | null; isNew: boolean } };
  'POST /api/v1/session': { input: { name: string; password: string; code?: string }; answer: { person: Person } };
  'POST /api/v1/session/end': { input: object; answer: Done };
  'POST /api/v1/invitations/accept': {
    input: { token: string; name: string; password: string };
    answer: { person: Person };
  };
  'POST /api/v1/session/second-factor': { input: object; answer: { secret: string; uri: string } };
  'POST /api/v1/session/second-factor/confirm': { input: { code: string }; answer: Done };
  'GET /api/v1/people': {
    input: object;
    answer: {
      people: readonly {
        readonly id: string;
        readonly name: string;
        readonly roles: readonly string[];
        readonly state: 'active' | 'invited' | 'locked' | 'ended';
        readonly lastSeenAt: string | null;
        readonly expiresAt: string | null;
        readonly hasSecondFactor: boolean;
      }[];
    };
  };
  'POST /api/v1/people': {
    input: { name: string; roles: readonly string[]; expiresAt?: string };
    answer: { id: string; link: string };
  };
  'POST /api/v1/people/:id/roles': { input: { id: string; roles: readonly string[] }; answer: Done };
  'POST /api/v1/people/:id/end': { input: { id: string; reason: string }; answer: Done };
  'POST /api/v1/people/:id/unlock': { input: { id: string }; answer: Done };
  'POST /api/v1/people/:id/reset': { input: { id: string }; answer: { link: string } };
}
