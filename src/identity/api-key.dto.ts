import { Choice, Line, Time } from '../platform/http/fields.js';
import { PageQuery } from '../platform/http/page.js';
import { ROLES, type Role } from './principal.js';

export class CreateApiKeyDto {
  @Line({ max: 100, description: 'What it is for', example: 'badge printers' }) name!: string;
  @Choice(ROLES, { description: 'What it may do', example: 'viewer' }) role!: Role;
  @Time({ optional: true, description: 'When it ends by itself', example: '2027-04-01T09:00:00Z' })
  expiresAt?: string;
}

export class ApiKeysQuery extends PageQuery {}
