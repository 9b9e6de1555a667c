import { link } from '../platform/http/links.js';
import type { Endpoint } from './endpoint.js';
import { publicKeyOf } from './signature.js';

/** What callers see of an endpoint; never its secrets. */
export function endpointBody(endpoint: Endpoint) {
  const { id, url, topics, eventId, payload, filter, state, privateKey, previousSecretUntil } = endpoint;
  const self = link(`/v1/webhooks/${id}`);
  return {
    id,
    url,
    topics,
    ...(eventId === null ? {} : { event: eventId }),
    payload,
    ...(filter === null ? {} : { filter }),
    state,
    publicKey: publicKeyOf(privateKey),
    ...(previousSecretUntil === null ? {} : { previousSecretUntil: previousSecretUntil.toISOString() }),
    createdAt: endpoint.createdAt.toISOString(),
    links: {
      self,
      attempts: `${self}/attempts`,
      pause: `${self}/pause`,
      resume: `${self}/resume`,
      rotate: `${self}/rotate`,
      test: `${self}/test`,
      replay: `${self}/replay`,
    },
  };
}
