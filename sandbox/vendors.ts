import { dataverse } from './dataverse/dataverse.js';
import { hubspot } from './hubspot/hubspot.js';
import { mailchimp } from './mailchimp/mailchimp.js';
import { marketo } from './marketo/marketo.js';
import { s3 } from './s3/s3.js';
import { salesforce } from './salesforce/salesforce.js';
import type { MakeVendor } from './twin.js';
import type { TwinName } from './vendor.js';

/** Every twin by its name, made from the environment. */
export const VENDORS: Record<TwinName, (env: Record<string, string | undefined>) => MakeVendor> = {
  hubspot,
  salesforce,
  marketo,
  dataverse,
  mailchimp,
  s3,
};
