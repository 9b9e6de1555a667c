import { type Answer, type Call, decoded, textOf } from '../call.js';
import type { MakeVendor } from '../twin.js';
import type { Part } from '../vendor.js';
import { etagOf } from './digests.js';
import { error, headersOf, refusal } from './errors.js';
import { Limits } from './limits.js';
import { listObjects } from './list.js';
import { bytesOf, Objects } from './objects.js';
import { type S3Settings, s3Settings } from './settings.js';
import { unsigned } from './signature.js';
import { Uploads } from './uploads.js';
import { element, xml } from './xml.js';

/** Sub-resources that change what an address means, and are not played. */
const UNKNOWN_PARTS = ['delete', 'acl', 'tagging', 'versioning', 'policy', 'versions'];

/** The S3 twin: one account in one region; buckets are named in the path. */
export function s3(
  env: Record<string, string | undefined> = {},
  overrides: Partial<S3Settings> = {},
): MakeVendor {
  const settings = { ...s3Settings(env), ...overrides };
  return (store) => {
    const objects = new Objects(store);
    const uploads = new Uploads(objects);
    const limits = new Limits(settings);
    const answer = (call: Call): Answer => {
      const refused = unsigned(call, settings);
      if (refused !== undefined) return refused;
      if (!limits.admits(call)) return error('SlowDown');
      const { bucket, key } = placeOf(call);
      if (bucket === '') return call.method === 'GET' ? listBuckets(settings) : error('MethodNotAllowed');
      if (!settings.buckets.includes(bucket)) return error('NoSuchBucket', { BucketName: bucket });
      const part = UNKNOWN_PARTS.find((name) => call.query.has(name));
      if (part !== undefined) return error('NotImplemented', { Header: part });
      if (key === '') return bucketAnswer(objects, settings, call, bucket);
      return uploads.answer(call, bucket, key) ?? objects.answer(call, bucket, key);
    };
    return {
      name: 's3',
      store,
      answer: (call) => bare(call, answer(call)),
      refusal: (call, status, code) => bare(call, refusal(status, code)),
      throttling: (call) => bare(call, error('SlowDown')),
      parts: partsOf,
      enforceLimits: (isOn) => {
        limits.isOn = isOn;
      },
      areLimitsOn: () => limits.isOn,
      newRecord: (_object, given) => {
        const fields = {
          bucket: settings.buckets[0]!,
          key: 'unnamed',
          text: '',
          contentType: 'text/plain',
          ...given,
        };
        const bytes = bytesOf(fields);
        return {
          id: `${fields.bucket}/${fields.key}`,
          fields: { ...fields, size: bytes.length, etag: etagOf(bytes) },
        };
      },
      empty: () => store.empty(),
    };
  };
}

function bucketAnswer(objects: Objects, { region }: S3Settings, call: Call, bucket: string): Answer {
  if (call.method === 'HEAD')
    return { status: 200, headers: { ...headersOf(), 'x-amz-bucket-region': region }, body: '' };
  if (call.method === 'PUT') return error('BucketAlreadyOwnedByYou', { BucketName: bucket });
  if (call.method !== 'GET')
    return error('MethodNotAllowed', { Method: call.method, ResourceType: 'BUCKET' });
  if (call.query.has('location')) {
    const body = `<?xml version="1.0" encoding="UTF-8"?>\n<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${region}</LocationConstraint>`;
    return { status: 200, headers: { ...headersOf(), 'Content-Type': 'application/xml' }, body };
  }
  if (call.query.get('list-type') !== '2') return error('NotImplemented', { Header: 'list-type' });
  return listObjects(objects, call, bucket);
}

function listBuckets({ buckets }: S3Settings): Answer {
  const list = buckets.map(
    (name) =>
      `<Bucket>${element('Name', name)}${element('CreationDate', '2026-01-01T00:00:00.000Z')}</Bucket>`,
  );
  const body = xml('ListAllMyBucketsResult', [`<Buckets>${list.join('')}</Buckets>`]);
  return { status: 200, headers: { ...headersOf(), 'Content-Type': 'application/xml' }, body };
}

/** An answer to HEAD has no body; an error is known by its status alone. */
function bare(call: Call, answer: Answer): Answer {
  return call.method === 'HEAD' ? { ...answer, body: '' } : answer;
}

function placeOf({ path }: Call): { bucket: string; key: string } {
  const [bucket = '', ...rest] = path.slice(1).split('/');
  return { bucket: decoded(bucket), key: decoded(rest.join('/')) };
}

/** The object that a write carried, for a call that is refused as a whole. */
function partsOf(call: Call): Part[] {
  const { key } = placeOf(call);
  if (call.method === 'GET' || call.method === 'HEAD' || key === '') return [];
  const contentType = textOf(call.headers['content-type']);
  return [{ object: 'objects', key, request: { bytes: call.body.length, contentType } }];
}
