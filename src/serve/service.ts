import { EventEmitter } from 'node:events';
import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { ENDPOINTS } from '../api/endpoints.ts';
import { openApiDocument } from '../api/openapi.ts';
import type { Finding } from '../core/finding.ts';
import { Refusal } from '../core/refusal.ts';
import type { CanaryNames } from '../detect/canaries.ts';
import type { DeclaredDomains } from '../detect/known-names.ts';
import { Desk } from '../incidents/desk.ts';
import { Exceptions } from '../incidents/exceptions.ts';
import { MonitoringNotices } from '../incidents/monitoring-notice.ts';
import { StaffReports } from '../incidents/staff-reports.ts';
import { Incidents } from '../incidents/store.ts';
import { TakenBack } from '../incidents/taken-back.ts';
import type { Listen, OpenDoor } from '../intake/doors/door.ts';
import { openMllp } from '../intake/doors/mllp-door.ts';
import { openSyslogStream, openSyslogUdp } from '../intake/doors/syslog-door.ts';
import { Pseudonymiser } from '../intake/identifiers/pseudonyms.ts';
import { keptNotices, NoticeDesk } from '../notices/notice-desk.ts';
import { Noticing } from '../notices/noticing.ts';
import type { NoticeSettings } from '../notices/settings.ts';
import { FirstRun } from '../ops/first-run.ts';
import { Keeping, keptRetention } from '../ops/keeping.ts';
import type { Log } from '../ops/log.ts';
import { writeServiceNote } from '../ops/service-note.ts';
import { Trail } from '../ops/trail.ts';
import { KeptDrafts } from '../packs/kept-drafts.ts';
import type { ArchiveDamage } from '../store/archive/archive.ts';
import { openArchive } from '../store/archive/open-archive.ts';
import { openJournal } from '../store/journal.ts';
import { sealedTo } from '../store/archive/catalog.ts';
import { lockData } from '../store/lock.ts';
import { placesIn } from '../store/places.ts';
import { openState, statePlace } from '../store/state.ts';
import { Counters } from '../watch/counters.ts';
import { type Filed, Findings } from '../watch/findings-store.ts';
import { Folders } from '../watch/folders.ts';
import { Identities } from '../watch/identities.ts';
import { pseudonymMac, writeGiven } from '../watch/given-pseudonyms.ts';
import { questionOrNull } from '../watch/kept-records.ts';
import { missingRotations } from '../watch/key-rotation.ts';
import { openKeys } from '../watch/keys.ts';
import { Judging } from '../watch/judging.ts';
import type { JudgingSetup } from '../watch/judging-messages.ts';
import { liveLocalRules, LocalRules, localRules } from '../watch/local-rules.ts';
import { Pipeline } from '../watch/pipeline.ts';
import { Polled } from '../watch/polled.ts';
import { RecordCases } from '../watch/record-cases.ts';
import { AccessKeeping } from '../watch/access-keeping.ts';
import { RecordReview } from '../watch/record-review.ts';
import { RecordItems } from '../watch/record-items.ts';
import { LiveRecords } from '../watch/live-records.ts';
import { SignOffs } from '../incidents/sign-offs.ts';
import { SavedHunts } from '../watch/saved-hunts.ts';
import { setAsideCounts, setAsideGone, SetAsides } from '../watch/set-aside-store.ts';
import { openForPrivacy, openReported } from '../watch/reported.ts';
import { RuleWatch } from '../watch/rule-watch.ts';
import { SourceWatch } from '../watch/source-watch.ts';
import { Sources } from '../watch/sources.ts';
import { Oidc, type OidcSettings } from '../people/oidc.ts';
import { Passkeys } from '../people/passkeys.ts';
import { People } from '../people/people.ts';
import { Reveals } from '../people/reveals.ts';
import { Sessions } from '../people/sessions.ts';
import { SignIn } from '../people/sign-in.ts';
import { Tokens } from '../people/tokens.ts';
import { Health } from './health.ts';
import { openHttp } from './http.ts';
import { Scans } from './scans.ts';
import { Simulation } from './simulation.ts';
import { forgetOld } from './state-retention.ts';
import { loadPage } from './page.ts';

export interface ServiceOptions {
  readonly dataFolder: string;
  readonly keysFolder: string;
  readonly http: Listen;
  /** Without TLS: for this machine only. */
  readonly isPlainHttp: boolean;
  /** True for the made-up hospital: it offers no other. */
  readonly isSimulated: boolean;
  readonly syslogTcp: Listen | null;
  readonly syslogTls: Listen | null;
  readonly syslogUdp: Listen | null;
  readonly mllp: Listen | null;
  readonly mllpTls: Listen | null;
  readonly rules: Pick<JudgingSetup, 'ruleFolders' | 'placeholders' | 'cacheFolder'>;
  /** Patients as their numbers: their pseudonyms are what is looked for. */
  readonly canaries: CanaryNames;
  readonly domains: DeclaredDomains;
  readonly indicatorFiles: readonly string[];
  /** What is known beside record accesses, as a folder of CSV files; `null`: nothing is. */
  readonly relationships: string | null;
  /** Of the nightly review: false alerts a day and 1,000 staff. */
  readonly budget: number;
  /** Of the file of `--notices`; `null`: what the page kept holds. */
  readonly notices: NoticeSettings | null;
  /** `null`: people sign in with passwords only. */
  readonly oidc: OidcSettings | null;
  readonly timeZone: string;
  /** True for hosts, in lower case, that care depends on. */
  readonly doesCareDepend: (host: string) => boolean;
  /** `WARDWATCH_STATE`. */
  readonly state: string | null;
  readonly version: string;
  readonly log: Log;
  readonly now: () => number;
}

export interface Service {
  /** Where each open door is; a door that was not asked for is absent. */
  readonly addresses: Readonly<
    Record<'http', string> & Partial<Record<'syslogTcp' | 'syslogTls' | 'syslogUdp' | 'mllp' | 'mllpTls', string>>
  >;
  /** Where people open the page. */
  readonly page: string;
  /** For the first administrator, good for a day; `null` if there are people already. */
  readonly firstLink: string | null;
  /** Takes nothing more, judges all that was taken, and closes. */
  close(): Promise<void>;
}

/** Where scripts/build-page.mjs puts it. */
const BUILT_PAGE = path.join(import.meta.dirname, '..', '..', 'build', 'web');
/** Journal that waits to be judged: beyond it, sources are asked to wait. */
const MAX_BACKLOG_BYTES = 512 * 1024 * 1024;
/** From here on those who send most wait first. */
const CROWDED_BYTES = 64 * 1024 * 1024;
const RETENTION_EVERY_MS = 24 * 3_600_000;
const SPACE_EVERY_MS = 5000;
const MIN_FREE_BYTES = 1 << 30;

/** Builds the live service from its parts, and opens its doors last. */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { dataFolder, log, now } = options;
  const {
    journal: journalFolder,
    archive: archiveFolder,
    learned: learnedFile,
    given: givenFile,
  } = placesIn(dataFolder);
  const unlock = await lockData(dataFolder);
  const keys = await openKeys(options.keysFolder, dataFolder, ['localhost', hostname(), '127.0.0.1', '::1']);
  const note = {
    keysFolder: path.resolve(options.keysFolder),
    ruleFolders: options.rules.ruleFolders.map((folder) => path.resolve(folder)),
    placeholders: Object.fromEntries(Object.entries(options.rules.placeholders).map(([name, of]) => [name, [...of]])),
    page: null,
  };
  await writeServiceNote(dataFolder, note);
  const state = await openState(statePlace(options.state, dataFolder));
  const counters = new Counters();
  let pressure: string | null = null;
  let archiveFailed = false;
  let spaceWatch: NodeJS.Timeout | null = null;
  /** The archive watches the space; without it, the journal must still leave what a restart needs. */
  const watchSpace = async () => {
    const { bavail, bsize } = await statfs(dataFolder);
    pressure = bavail * bsize < MIN_FREE_BYTES ? 'hardly any space is left, and the archive has stopped' : null;
  };

  const sources = new Sources(state, now);
  const incidents = new Incidents(state, now, options.doesCareDepend);
  const findings = new Findings(state, now, (within, finding, current) => incidents.join(within, finding, current));
  const { to: judgedTo } = await findings.judged();
  const journal = await openJournal(journalFolder, {
    reaches: Math.max(judgedTo, sealedTo(archiveFolder)),
    onDamage: ({ kind, file }) => log.say('alarm', 'journal-damage', { kind, file: path.basename(file) }),
  });
  const setAsides = new SetAsides(state, keys.seals, {
    holds: () => archive.holds(),
    onBug: (error) => log.bug(error),
  });
  const heard = new EventEmitter<{ finding: [Finding] }>().setMaxListeners(0);
  const names = new Map((await sources.list()).map(({ id, name }) => [id as string, name]));
  const identities = new Identities(state, keys.seals, now);
  const simulation = options.isSimulated
    ? null
    : new Simulation({ now, onBrokenOff: (detail) => log.say('warning', 'simulation-broke-off', detail) });
  const trail = new Trail(state, now);
  const people = new People(state, now);
  const tokens = new Tokens(state, now);
  const signIn = new SignIn(state, keys.seals, trail, now);
  if (keys.pseudonyms.keyIds.length > 1 && !existsSync(givenFile)) await writeGiven(identities, givenFile);
  const pseudonymiser = new Pseudonymiser(pseudonymMac(keys.pseudonyms, givenFile), (pseudonym, text) =>
    identities.note(pseudonym, text),
  );
  const scans = new Scans({
    dataFolder,
    rules: options.rules,
    timeZone: options.timeZone,
    pseudonymise: (text) => pseudonymiser.text(text),
    now,
    onBug: (error) => log.bug(error),
  });
  const judging = new Judging({
    journal,
    ...options.rules,
    canaries: {
      ...options.canaries,
      patients: options.canaries.patients.map((patient) => pseudonymiser.of(patient)),
    },
    domains: options.domains,
    indicatorFiles: options.indicatorFiles,
    localRules: () => liveLocalRules(state),
    learnedFile,
    findings,
    counters,
    names,
    now,
    onFinding: (finding) => heard.emit('finding', finding),
    onBug: (error) => log.bug(error),
  });
  await judging.start();
  const ruleWatch = new RuleWatch({
    state,
    judging,
    findings,
    localRules: () => localRules(state),
    ruleFolders: options.rules.ruleFolders,
    now,
    onBug: (error) => log.bug(error),
  });
  ruleWatch.start();
  const retention = await keptRetention(state);
  const archive = await openArchive({
    folder: archiveFolder,
    journal,
    retention,
    keepFrom: () => Math.min(judging.keepFrom, liveRecords.keepFrom),
    onDamage: (damage) => log.say('alarm', 'archive-damage', damageFields(damage)),
    onPressure: (isPressed, reason) => {
      pressure = isPressed ? reason : null;
      log.say(isPressed ? 'alarm' : 'info', isPressed ? 'space-short' : 'space-again', { reason });
    },
    onFailure: (reason) => {
      archiveFailed = true;
      spaceWatch ??= setInterval(
        () => void watchSpace().catch((error: unknown) => log.bug(error)),
        SPACE_EVERY_MS,
      ).unref();
      log.say('alarm', 'archive-failed', { reason });
    },
  });
  const keeping = new Keeping(state, archive, retention, now);
  const fileOwn = async (found: readonly Filed[]) => {
    for (const finding of await findings.fileOwn(found)) {
      counters.add('findings_total', { level: finding.level });
      heard.emit('finding', finding);
    }
  };
  // Made when a rotation was interrupted, or by somebody who put a key in place by hand.
  for (const { from, to } of missingRotations(archiveFolder, [keys.pseudonyms, keys.seals]))
    await archive.keysRotated(from, to);
  // Always by the first key: a case has the same id, whatever keys come later.
  const caseKey = keys.pseudonyms.keyIds[0];
  const caseMac = (text: string) => keys.pseudonyms.mac(text, 'record-case', caseKey);
  const recordCases = new RecordCases(state, keys.seals, caseMac, now);
  const recordItems = new RecordItems(state, keys.seals, caseMac, now, options.timeZone);
  const takenBack = new TakenBack(state, now);
  const recordReview = new RecordReview({
    state,
    cases: recordCases,
    items: recordItems,
    dataFolder,
    keysFolder: options.keysFolder,
    relationships: options.relationships,
    budget: options.budget,
    timeZone: options.timeZone,
    now,
    file: fileOwn,
    takenBack,
    onTrouble: (reason) => log.say('alarm', 'record-review-failed', { reason }),
    onBug: (error) => log.bug(error),
    onReviewed: () => liveRecords.renew(),
  });
  const liveRecords: LiveRecords = new LiveRecords({
    journal,
    cases: recordCases,
    items: recordItems,
    dataFolder,
    keysFolder: options.keysFolder,
    relationships: options.relationships,
    budget: options.budget,
    timeZone: options.timeZone,
    now,
    reviewedTo: async () => (await recordReview.last())?.to ?? null,
    file: fileOwn,
    takenBack,
    onTrouble: (reason) => log.say('alarm', 'records-not-judged-live', { reason }),
    onBug: (error) => log.bug(error),
  });
  const accessKeeping = new AccessKeeping({
    archive,
    dataFolder,
    timeZone: options.timeZone,
    setAsideIn: (from, to) => setAsideCounts(state, from, to),
    now,
    onTrouble: (reason) => log.say('alarm', 'access-columns-failed', { reason }),
    onBug: (error) => log.bug(error),
  });
  const sourceWatch = new SourceWatch({
    state,
    names,
    ended: () => sources.ended(),
    doesCareDepend: options.doesCareDepend,
    timeZone: options.timeZone,
    now,
    file: fileOwn,
    onBug: (error) => log.bug(error),
  });
  await sourceWatch.start();
  const pressureNow = () =>
    pressure ?? (judging.backlogBytes > MAX_BACKLOG_BYTES ? 'judging is behind by more than 512 MiB' : null);
  const pipeline = new Pipeline({
    sources,
    pseudonymiser,
    journal,
    setAsides,
    counters,
    timeZone: options.timeZone,
    now,
    pressure: pressureNow,
    keepIdentities: () => identities.keep(),
    keepReasons: (reasons) => recordItems.keepReasons(reasons),
    waitingBytes: () => judging.backlogBytes,
    isCrowded: () => judging.backlogBytes > CROWDED_BYTES,
    onKept: () => judging.wake(),
    onHeard: ({ id }, events, aside, receivedAt) => {
      liveRecords.kept(events);
      sourceWatch.heard(id, events, aside, receivedAt);
    },
    onBug: (error) => log.bug(error),
    onSource: ({ id, name }) => {
      if (names.get(id) === name) return;
      names.set(id, name);
      judging.named(id, name);
    },
  });

  /** What cannot be read any more is told of; it is no reason to stop watching. */
  const keptByPage = () =>
    keptNotices(state, keys.seals, options.timeZone).catch((error: unknown) => {
      if (!(error instanceof Refusal)) throw error;
      log.say('alarm', 'notices-unreadable', { code: error.code });
      return null;
    });
  const noticing = new Noticing({
    state,
    incidents,
    settings: options.notices ?? (options.isSimulated ? null : await keptByPage()),
    now,
    silent: () => [...sourceWatch.silentSince.keys()].map((id) => names.get(id) ?? id.replace(/^host:/, '')),
    onTrouble: ({ channel, reason, isGivenUp }) => {
      counters.add('notices_not_delivered_total', { channel });
      log.say('alarm', isGivenUp ? 'notice-given-up' : 'notice-not-delivered', { channel, reason });
    },
    onBug: (error) => log.bug(error),
  });
  noticing.start();
  heard.on('finding', () => noticing.wake());
  const health = new Health({
    state,
    dataFolder,
    keysFolder: options.keysFolder,
    sources,
    silentSince: () => sourceWatch.silentSince,
    judging,
    journal,
    archive,
    retention: () => keeping.retention,
    counters,
    undelivered: async () => (noticing.settings === null ? null : noticing.outbox.undelivered()),
    pressure: pressureNow,
    now,
  });
  health.start();
  const doors: OpenDoor[] = [];
  const open = async (door: Promise<OpenDoor>): Promise<string> => {
    const opened = await door;
    doors.push(opened);
    return opened.address;
  };
  const refreshCounters = async () => {
    const { hotRows, sealedRows, sealedBytes, segments } = await archive.status();
    counters.set('archive_events_unsealed', hotRows);
    counters.set('archive_events_sealed', sealedRows);
    counters.set('archive_bytes', sealedBytes);
    counters.set('archive_segments', segments);
    counters.set('judging_backlog_bytes', judging.backlogBytes);
    counters.set('process_resident_memory_bytes', process.memoryUsage.rss());
  };
  const addresses: Record<string, string> = {};
  try {
    if (options.syslogTcp !== null)
      addresses['syslogTcp'] = await open(openSyslogStream(options.syslogTcp, null, pipeline));
    if (options.syslogTls !== null)
      addresses['syslogTls'] = await open(openSyslogStream(options.syslogTls, keys.tls, pipeline));
    if (options.syslogUdp !== null) addresses['syslogUdp'] = await open(openSyslogUdp(options.syslogUdp, pipeline));
    if (options.mllp !== null) addresses['mllp'] = await open(openMllp(options.mllp, null, pipeline));
    if (options.mllpTls !== null) addresses['mllpTls'] = await open(openMllp(options.mllpTls, keys.tls, pipeline));
    addresses['http'] = await open(
      openHttp({
        listen: options.http,
        tls: options.isPlainHttp ? null : keys.tls,
        services: pipeline,
        page: loadPage(BUILT_PAGE),
        simulation,
        api: {
          endpoints: ENDPOINTS,
          services: {
            findings,
            incidents,
            desk: new Desk(state, now),
            exceptions: new Exceptions(state, now),
            sources,
            doors: () => addresses,
            certificate: keys.tls.cert,
            silentSince: () => sourceWatch.silentSince,
            ruleWatch,
            health,
            keeping,
            drafts: new KeptDrafts(state, keys.seals, now),
            scopeQuestion: (incident) => questionOrNull(state, incident, now()),
            savedHunts: new SavedHunts(state, now),
            localRules: new LocalRules(state, now, () => judging.localRulesChanged()),
            signOffs: new SignOffs(state, now),
            firstRun: new FirstRun(state, now),
            staffReports: new StaffReports(state, keys.seals, now),
            // What was reported is kept: whoever reported it must not be told to do it again.
            tellOfReport: (reference) =>
              noticing.tellOfReport(reference).catch((error: unknown) => {
                log.bug(error);
              }),
            // What waits is kept, and stands on the page.
            tellPrivacy: (matter) =>
              noticing.tellPrivacy(matter).catch((error: unknown) => {
                log.bug(error);
              }),
            openReported: (reported, addressedTo) =>
              addressedTo === 'privacy'
                ? openForPrivacy(reported, (within, finding) => incidents.openForPrivacy(within, finding), findings)
                : openReported(reported, fileOwn, findings),
            monitoringNotice: new MonitoringNotices(state, () => keeping.retention, now),
            notices: new NoticeDesk({
              state,
              seals: keys.seals,
              timeZone: options.timeZone,
              isFixed: options.isSimulated ? 'simulated' : options.notices === null ? null : 'file',
              noticing,
              now,
            }),
            setAsides,
            identities,
            reveals: new Reveals(state, now),
            people,
            tokens,
            trail,
            signIn,
            sessions: new Sessions(state, now),
            passkeys: new Passkeys(state, keys.seals, trail, now),
            simulation,
            scans,
            pageUrl: () => outsideUrl([options.oidc?.publicUrl, noticing.settings?.serviceUrl]),
            oidc: options.oidc === null ? null : new Oidc(options.oidc, keys.seals, now),
            recordCases,
            recordItems,
            recordReview,
            liveRecords: () => liveRecords.state,
            replaySetAside: (reason) =>
              setAsides.replay(reason, async (id, bytes) => {
                const row = (await sources.list()).find((source) => source.id === id);
                return row !== undefined && pipeline.replay(row, bytes);
              }),
            setAsideIn: (from, to) => setAsideCounts(state, from, to),
            setAsideGone: () => setAsideGone(state),
            scopeOf: (question) => accessKeeping.scopeOf(question),
            archive,
            counters,
            now,
            timeZone: options.timeZone,
            refreshCounters,
            pseudonymise: (text) => pseudonymiser.text(text),
            pseudonymOf: (patient) => pseudonymiser.of(patient),
            whoLooked: (patient) => recordReview.whoLooked(patient),
            undelivered: () => noticing.outbox.undelivered(),
            failing: () => [...(archiveFailed ? ['archive'] : []), ...(judging.isRunning ? [] : ['judging'])],
            describe: () => openApiDocument(ENDPOINTS, options.version),
            onFinding: (listener) => {
              heard.on('finding', listener);
              return () => heard.off('finding', listener);
            },
          },
          tokens,
          trail,
          onBug: (error) => log.bug(error),
        },
      }),
    );
  } catch (error) {
    await Promise.allSettled(doors.map((door) => door.close()));
    await shut();
    throw error;
  }
  const folders = new Folders({
    state,
    sources,
    services: pipeline,
    timeZone: options.timeZone,
    now,
    onTrouble: (source, code) => log.say('alarm', 'folder-unreadable', { source, code }),
  });
  folders.start();
  const polled = new Polled({
    state,
    sources,
    keys: keys.seals,
    services: pipeline,
    now,
    onTrouble: (source, reason) => log.say('alarm', 'source-not-asked', { source, reason }),
  });
  polled.start();
  recordReview.start();
  if (journal.end > journal.start) liveRecords.renew();
  accessKeeping.start();
  const forget = async () => {
    await archive.applyRetention(now());
    const notices = noticing.outbox;
    const cases = recordCases;
    const gone = await forgetOld({ notices, findings, cases, items: recordItems, setAsides, trail, archive, now });
    if (Object.values(gone).some((count) => count > 0)) log.say('info', 'state-forgotten', gone);
  };
  const applyRetention = () => void forget().catch((error: unknown) => log.bug(error));
  // Once at the start too: a service that is restarted every night would never come to it.
  applyRetention();
  const retaining = setInterval(applyRetention, RETENTION_EVERY_MS).unref();

  async function shut(): Promise<void> {
    await noticing.stop();
    await sourceWatch.stop();
    await ruleWatch.stop();
    health.stop();
    await judging.stop();
    await archive.close();
    await journal.close();
    await state.close();
    unlock();
  }
  const invitation = await people.firstInvitation();
  const page =
    outsideUrl([options.oidc?.publicUrl, noticing.settings?.serviceUrl]) ?? named(addresses['http'] ?? '', hostname());
  await writeServiceNote(dataFolder, { ...note, page });
  return {
    page,
    firstLink: invitation === null ? null : `${page}/welcome#${invitation}`,
    addresses: addresses as Service['addresses'],
    close: async () => {
      clearInterval(retaining);
      if (spaceWatch !== null) clearInterval(spaceWatch);
      await simulation?.end();
      await scans.stop();
      await folders.stop();
      await polled.stop();
      await recordReview.stop();
      await liveRecords.stop();
      await accessKeeping.stop();
      await Promise.all(doors.map((door) => door.close()));
      await shut();
    },
  };
}

/** “Every address of this machine” is none that a browser could open. */
function named(address: string, host: string): string {
  return address.replace(/\/\/(?:0\.0\.0\.0|\[::\])(?=:)/, `//${host}`);
}

/** The first that is good on other machines too. */
function outsideUrl(urls: readonly (string | null | undefined)[]): string | null {
  return urls.find((url) => url != null && !/^(?:localhost|127\..*|\[::1\])$/.test(new URL(url).hostname)) ?? null;
}

/** Where the damage lies, and nothing of what lies there. */
function damageFields(damage: ArchiveDamage): Record<string, string | number> {
  const { kind } = damage;
  switch (kind) {
    case 'journal': {
      const { file, from, to } = damage.damage;
      return { kind, damage: damage.damage.kind, file: path.basename(file), from, to };
    }
    case 'chain':
      return { kind, problem: damage.problem.kind, line: damage.problem.line };
    case 'segment-missing':
      return { kind, name: damage.name };
    case 'not-removed':
      return { kind, name: damage.name, reason: damage.reason };
    case 'head-not-written':
      return { kind, reason: damage.reason };
    case 'clock-ahead':
      return { kind, now: new Date(damage.now).toISOString(), last: new Date(damage.lastAt).toISOString() };
    case 'payload':
      return { kind, position: damage.position };
  }
}
