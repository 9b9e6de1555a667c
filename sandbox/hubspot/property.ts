export type PropertyType =
  'string' | 'number' | 'datetime' | 'date' | 'enumeration' | 'bool' | 'phone_number';

export interface PropertyOption {
  label: string;
  value: string;
}

/** A property of an object, as HubSpot's settings define it. */
export interface Property {
  name: string;
  label: string;
  type: PropertyType;
  fieldType: string;
  groupName: string;
  description: string;
  options: PropertyOption[];
  hasUniqueValue: boolean;
  isReadOnly: boolean;
  /** Defined by HubSpot, not by the portal. */
  isStandard: boolean;
  createdAt: number;
}

/** The property as GET /crm/v3/properties shows it. */
export function describeProperty(property: Property): object {
  const { name, label, type, fieldType, groupName, description, hasUniqueValue, isReadOnly, isStandard } =
    property;
  const options = property.options.map((option, displayOrder) => ({
    ...option,
    displayOrder,
    hidden: false,
  }));
  const at = new Date(property.createdAt).toISOString();
  return {
    updatedAt: at,
    createdAt: at,
    name,
    label,
    type,
    fieldType,
    description,
    groupName,
    options,
    displayOrder: -1,
    calculated: false,
    externalOptions: false,
    archived: false,
    hasUniqueValue,
    hidden: false,
    hubspotDefined: isStandard,
    modificationMetadata: {
      archivable: !isStandard,
      readOnlyDefinition: isStandard,
      readOnlyValue: isReadOnly,
    },
    formField: !isReadOnly,
    dataSensitivity: 'non_sensitive',
  };
}
