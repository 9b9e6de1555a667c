import { fault } from './fault.mjs';

/** Faults of what is asked of backends, and of what is said of both sides. */
export const BACKEND_FAULTS = [
  fault(
    'calls under way that nobody was lent a slot for',
    'src/pipelines/slots.ts',
    'return performance.now() < this.grantedUntilMs && this.underWay < may;',
    'return may >= 0 && this.underWay < most;',
    'test/pipelines/slots.test.ts',
  ),
  fault(
    'an object removed that has changed since it was seen',
    'src/reconciliation/repair.ts',
    '    if (before === null) return true;',
    '    return true;',
    'test/reconciliation/reconcile.test.ts',
  ),
  fault(
    'records made of their parents that are never found stale',
    'src/reconciliation/our-side.ts',
    'if (missing.length > 0) return previous.shadow;',
    'if (missing.length > 0 || mapping.needs.length > 0) return previous.shadow;',
    'test/reconciliation/what-is-compared.test.ts',
  ),
  fault(
    'a result told in the place of another member',
    'src/connectors/marketo-members.ts',
    'if (names !== null && names !== leadIdOf(record.key)) return unreadable(200);',
    '',
    'test/connectors/any-answer.test.ts',
  ),
];
