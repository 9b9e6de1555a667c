import type { Org } from './org.js';
import type { Field, FieldType, SObject } from './sobject.js';

const SOAP_TYPES: Partial<Record<FieldType, string>> = {
  id: 'tns:ID',
  reference: 'tns:ID',
  boolean: 'xsd:boolean',
  int: 'xsd:int',
  double: 'xsd:double',
  currency: 'xsd:double',
  date: 'xsd:date',
  datetime: 'xsd:dateTime',
};

/** GET sobjects/: the list of objects. */
export function describeGlobal(org: Org, base: string): object {
  return {
    encoding: 'UTF-8',
    maxBatchSize: 200,
    sobjects: org.sobjects.map((sobject) => summary(sobject, base)),
  };
}

/** GET sobjects/{S}: the object in short, and what was looked at last. */
export function describeBasic(sobject: SObject, base: string): object {
  return { objectDescribe: summary(sobject, base), recentItems: [] };
}

/** GET sobjects/{S}/describe: the object with its fields. */
export function describeFull(org: Org, sobject: SObject, base: string): object {
  const address = `${base}/sobjects/${sobject.name}`;
  return {
    actionOverrides: [],
    ...summary(sobject, base),
    childRelationships: childrenOf(org, sobject),
    compactLayoutable: true,
    fields: [...sobject.fields.values()].map(describeField),
    implementedBy: null,
    implementsInterfaces: null,
    defaultImplementation: null,
    extendedBy: null,
    extendsInterfaces: null,
    listviewable: null,
    lookupLayoutable: null,
    namedLayoutInfos: [],
    networkScopeFieldName: null,
    recordTypeInfos: [masterRecordType(address)],
    searchLayoutable: true,
    sobjectDescribeOption: 'FULL',
    supportedScopes: [{ label: `All ${sobject.labelPlural.toLowerCase()}`, name: 'everything' }],
  };
}

function summary(sobject: SObject, base: string): object {
  const { name, label, labelPlural, keyPrefix, isCustom } = sobject;
  const address = `${base}/sobjects/${name}`;
  return {
    activateable: false,
    associateEntityType: null,
    associateParentEntity: null,
    createable: true,
    custom: isCustom,
    customSetting: false,
    deepCloneable: false,
    deletable: true,
    deprecatedAndHidden: false,
    feedEnabled: true,
    hasSubtypes: false,
    isInterface: false,
    isSubtype: false,
    keyPrefix,
    label,
    labelPlural,
    layoutable: true,
    mergeable: !isCustom,
    mruEnabled: true,
    name,
    queryable: true,
    replicateable: true,
    retrieveable: true,
    searchable: true,
    triggerable: true,
    undeletable: true,
    updateable: true,
    urls: {
      sobject: address,
      describe: `${address}/describe`,
      rowTemplate: `${address}/{ID}`,
      layouts: `${address}/describe/layouts`,
      compactLayouts: `${address}/describe/compactLayouts`,
      quickActions: `${address}/quickActions`,
    },
  };
}

function describeField(field: Field): object {
  const {
    name,
    label,
    type,
    length,
    precision,
    scale,
    defaultValue,
    picklist,
    referenceTo,
    relationshipName,
  } = field;
  return {
    aggregatable: type !== 'textarea',
    aiPredictionField: false,
    autoNumber: false,
    byteLength: type === 'id' || type === 'reference' ? 18 : length * 3,
    calculated: false,
    calculatedFormula: null,
    cascadeDelete: false,
    caseSensitive: false,
    compoundFieldName: null,
    controllerName: null,
    createable: field.isCreateable,
    custom: field.isCustom,
    defaultValue,
    defaultValueFormula: null,
    defaultedOnCreate: defaultValue !== null || (!field.isNillable && !field.isRequired),
    dependentPicklist: false,
    deprecatedAndHidden: false,
    digits: type === 'int' ? 8 : 0,
    displayLocationInDecimal: false,
    encrypted: false,
    externalId: field.isExternalId,
    extraTypeInfo: null,
    filterable: length <= 4000,
    filteredLookupInfo: null,
    formulaTreatNullNumberAsZero: false,
    groupable: type !== 'textarea' && type !== 'datetime',
    highScaleNumber: false,
    htmlFormatted: false,
    idLookup: field.isIdLookup,
    inlineHelpText: null,
    label,
    length,
    mask: null,
    maskType: null,
    name,
    nameField: field.isNameField,
    namePointing: referenceTo.length > 1,
    nillable: field.isNillable,
    permissionable: field.isNillable && field.isCreateable,
    picklistValues: picklist.map((value) => ({
      active: true,
      defaultValue: value === defaultValue,
      label: value,
      validFor: null,
      value,
    })),
    polymorphicForeignKey: referenceTo.length > 1,
    precision,
    queryByDistance: false,
    referenceTargetField: null,
    referenceTo,
    relationshipName,
    relationshipOrder: null,
    restrictedDelete: false,
    restrictedPicklist: field.isRestricted,
    scale,
    searchPrefilterable: false,
    soapType: SOAP_TYPES[type] ?? 'xsd:string',
    sortable: length <= 4000,
    type,
    unique: field.isUnique,
    updateable: field.isUpdateable,
    writeRequiresMasterRead: false,
  };
}

/** The references that point at the object, and the name its rows are reached by from here. */
export function childrenOf(org: Org, sobject: SObject): ChildRelationship[] {
  return org.sobjects.flatMap((child) =>
    [...child.fields.values()]
      .filter(({ referenceTo }) => referenceTo.includes(sobject.name))
      .map(({ name }) => ({
        cascadeDelete: false,
        childSObject: child.name,
        deprecatedAndHidden: false,
        field: name,
        junctionIdListNames: [],
        junctionReferenceTo: [],
        relationshipName: child.labelPlural.replaceAll(' ', ''),
        restrictedDelete: false,
      })),
  );
}

export interface ChildRelationship {
  childSObject: string;
  field: string;
  relationshipName: string;
}

function masterRecordType(address: string): object {
  const recordTypeId = '012000000000000AAA';
  return {
    active: true,
    available: true,
    defaultRecordTypeMapping: true,
    developerName: 'Master',
    master: true,
    name: 'Master',
    recordTypeId,
    urls: { layout: `${address}/describe/layouts/${recordTypeId}` },
  };
}
