import { Events0001 } from './0001-events.js';
import { Registrations0002 } from './0002-registrations.js';
import { Identity0003 } from './0003-identity.js';
import { Changes0004 } from './0004-changes.js';
import { Pipelines0005 } from './0005-pipelines.js';
import { Webhooks0006 } from './0006-webhooks.js';
import { Ledger0007 } from './0007-ledger.js';
import { Reports0008 } from './0008-reports.js';
import { Activity0009 } from './0009-activity.js';
import { PlatformHooks0010 } from './0010-platform-hooks.js';
import { Redeliveries0011 } from './0011-redeliveries.js';
import { Plans0012 } from './0012-plans.js';
import { Deliver0013 } from './0013-deliver.js';
import { Reconciliation0014 } from './0014-reconciliation.js';
import { Lobby0015 } from './0015-lobby.js';
import { Logins0016 } from './0016-logins.js';
import { PlacesGivenOn0018 } from './0018-places-given-on.js';
import { WebhooksRest0019 } from './0019-webhooks-rest.js';
import { ErasureElsewhere0021 } from './0021-erasure-elsewhere.js';
import { LinkedRegistrations0023 } from './0023-linked-registrations.js';
import { PlacesAnew0024 } from './0024-places-anew.js';
import { LobbyProof0026 } from './0026-lobby-proof.js';
import { AttendanceClosed0028 } from './0028-attendance-closed.js';
import { ScheduledReconciliation0029 } from './0029-scheduled-reconciliation.js';
import { ToldPace0030 } from './0030-told-pace.js';
import { ClaimsPass0031 } from './0031-claims-pass.js';
import { LobbyLook0035 } from './0035-lobby-look.js';
import { Displaced0036 } from './0036-displaced.js';
import { Troubles0038 } from './0038-troubles.js';
import { EstimateError0039 } from './0039-estimate-error.js';
import { LimitsOfBackends0040 } from './0040-limits-of-backends.js';
import { WhatARunSaw0041 } from './0041-what-a-run-saw.js';
import { Progress0042 } from './0042-progress.js';

/** TypeORM orders them by the thirteen digits at the end of each one's name. */
export const migrations = [
  Events0001,
  Registrations0002,
  Identity0003,
  Changes0004,
  Pipelines0005,
  Webhooks0006,
  Ledger0007,
  Reports0008,
  Activity0009,
  PlatformHooks0010,
  Redeliveries0011,
  Plans0012,
  Deliver0013,
  Reconciliation0014,
  Lobby0015,
  Logins0016,
  PlacesGivenOn0018,
  WebhooksRest0019,
  ErasureElsewhere0021,
  LinkedRegistrations0023,
  PlacesAnew0024,
  LobbyProof0026,
  AttendanceClosed0028,
  ScheduledReconciliation0029,
  ToldPace0030,
  ClaimsPass0031,
  LobbyLook0035,
  Displaced0036,
  Troubles0038,
  EstimateError0039,
  LimitsOfBackends0040,
  WhatARunSaw0041,
  Progress0042,
];
