export type FieldType =
  | 'id'
  | 'string'
  | 'email'
  | 'phone'
  | 'url'
  | 'textarea'
  | 'picklist'
  | 'boolean'
  | 'int'
  | 'double'
  | 'currency'
  | 'date'
  | 'datetime'
  | 'reference';

/** A field of an object, as the org defines it. */
export interface Field {
  name: string;
  label: string;
  type: FieldType;
  /** Characters at most, of text. */
  length: number;
  /** Digits in all, and behind the point, of numbers. */
  precision: number;
  scale: number;
  /** Must have a value, and has none by itself. */
  isRequired: boolean;
  isNillable: boolean;
  isCreateable: boolean;
  isUpdateable: boolean;
  isExternalId: boolean;
  isUnique: boolean;
  isIdLookup: boolean;
  isNameField: boolean;
  isCustom: boolean;
  picklist: string[];
  isRestricted: boolean;
  defaultValue: string | boolean | null;
  /** The objects a reference may point at, and the name its parent is reached by. */
  referenceTo: string[];
  relationshipName: string | null;
}

export interface SObject {
  name: string;
  label: string;
  labelPlural: string;
  keyPrefix: string;
  isCustom: boolean;
  fields: Map<string, Field>;
  /** Field names in lower case: Salesforce ignores their case. */
  byLowerCase: Map<string, Field>;
  byRelationship: Map<string, Field>;
}

const PLAIN: Field = {
  name: '',
  label: '',
  type: 'string',
  length: 255,
  precision: 0,
  scale: 0,
  isRequired: false,
  isNillable: true,
  isCreateable: true,
  isUpdateable: true,
  isExternalId: false,
  isUnique: false,
  isIdLookup: false,
  isNameField: false,
  isCustom: false,
  picklist: [],
  isRestricted: false,
  defaultValue: null,
  referenceTo: [],
  relationshipName: null,
};

const LENGTHS: Partial<Record<FieldType, number>> = {
  email: 80,
  phone: 40,
  textarea: 32_000,
  id: 18,
  reference: 18,
};
const WITHOUT_LENGTH: FieldType[] = ['boolean', 'int', 'double', 'currency', 'date', 'datetime'];

/** A field; what is not said is as Salesforce has it for the type. */
export function field(
  name: string,
  label: string,
  type: FieldType = 'string',
  more: Partial<Field> = {},
): Field {
  const length = WITHOUT_LENGTH.includes(type) ? 0 : (LENGTHS[type] ?? 255);
  const precision = type === 'double' || type === 'currency' ? 18 : 0;
  const isCustom = name.endsWith('__c');
  return {
    ...PLAIN,
    name,
    label,
    type,
    length,
    precision,
    isCustom,
    isIdLookup: more.isExternalId ?? false,
    ...more,
  };
}

const READ_ONLY: Partial<Field> = { isCreateable: false, isUpdateable: false, isNillable: false };

/** An object with the fields that every object has around its own. */
export function sobject(
  name: string,
  keyPrefix: string,
  own: Field[],
  label = name,
  labelPlural = `${label}s`,
): SObject {
  const fields = [
    field('Id', name.endsWith('__c') ? 'Record ID' : `${label} ID`, 'id', { ...READ_ONLY, isIdLookup: true }),
    field('IsDeleted', 'Deleted', 'boolean', READ_ONLY),
    ...own,
    field('OwnerId', 'Owner ID', 'reference', {
      isNillable: false,
      referenceTo: ['User'],
      relationshipName: 'Owner',
    }),
    field('CreatedDate', 'Created Date', 'datetime', READ_ONLY),
    field('CreatedById', 'Created By ID', 'reference', userReference('CreatedBy')),
    field('LastModifiedDate', 'Last Modified Date', 'datetime', READ_ONLY),
    field('LastModifiedById', 'Last Modified By ID', 'reference', userReference('LastModifiedBy')),
    field('SystemModstamp', 'System Modstamp', 'datetime', READ_ONLY),
  ];
  return {
    name,
    label,
    labelPlural,
    keyPrefix,
    isCustom: name.endsWith('__c'),
    fields: new Map(fields.map((each) => [each.name, each])),
    byLowerCase: new Map(fields.map((each) => [each.name.toLowerCase(), each])),
    byRelationship: new Map(
      fields.flatMap((each) => (each.relationshipName === null ? [] : [[each.relationshipName, each]])),
    ),
  };
}

function userReference(relationshipName: string): Partial<Field> {
  return { ...READ_ONLY, referenceTo: ['User'], relationshipName };
}
