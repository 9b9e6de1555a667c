import { getMetadataStorage } from 'class-validator';

/** What one property of a class must be, as class-validator keeps it. */
interface Property {
  /** Where one of them is false, the property is not looked at. */
  readonly conditions: readonly ((object: object, value: unknown) => boolean)[];
  readonly demands: readonly ((value: unknown, object: object) => boolean)[];
  readonly isNested: boolean;
}

type Properties = ReadonlyMap<string, Property>;
type Constructor = new () => object;
type Metadata = ReturnType<ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']>[number];

const known = new Map<Constructor, Properties | null>();

/**
 * Whether class-validator has nothing to say against a DTO: true only where it surely has not, with unknown properties
 * forbidden. It gathers a class's rules anew at each look and makes room for the faults of every property; of most
 * requests it finds none, so their rules are gathered once, and only the others go to it.
 */
export function isPlainlyValid(instance: object): boolean {
  const properties = propertiesOf(instance.constructor as Constructor);
  if (!properties) return false;
  for (const name of Object.keys(instance)) if (!properties.has(name)) return false;
  for (const [name, property] of properties) {
    if (!holds(property, instance, (instance as Record<string, unknown>)[name])) return false;
  }
  return true;
}

function holds({ conditions, demands, isNested }: Property, object: object, value: unknown): boolean {
  if (!conditions.every((condition) => condition(object, value))) return true;
  if (!demands.every((demand) => demand(value, object))) return false;
  if (!isNested || value === undefined) return true;
  return Array.isArray(value) ? value.every(isValidObject) : isValidObject(value);
}

function isValidObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && isPlainlyValid(value);
}

/** Null where a class has none, or one of a kind that is left to class-validator. */
function propertiesOf(type: Constructor): Properties | null {
  let properties = known.get(type);
  if (properties === undefined) known.set(type, (properties = gather(type)));
  return properties;
}

function gather(type: Constructor): Properties | null {
  const storage = getMetadataStorage();
  const metadata = storage.getTargetValidationMetadatas(type, '', false, false);
  const grouped = Object.entries(storage.groupByPropertyName(metadata));
  const properties = grouped.map(([name, rules]) => [name, propertyOf(rules)] as const);
  const isPlain = (entry: readonly [string, Property | null]): entry is [string, Property] =>
    entry[1] !== null;
  return properties.length > 0 && properties.every(isPlain) ? new Map(properties) : null;
}

function propertyOf(rules: readonly Metadata[]): Property | null {
  const kinds = ['customValidation', 'conditionalValidation', 'nestedValidation', 'whitelistValidation'];
  const isUsual = ({ type, groups = [], validateIf }: Partial<Metadata>): boolean =>
    kinds.includes(type!) && validateIf === undefined && groups.length === 0;
  if (!rules.every(isUsual)) return null;
  return {
    conditions: rules
      .filter(({ type }) => type === 'conditionalValidation')
      .map(({ constraints }) => constraints[0] as Property['conditions'][number]),
    demands: rules.filter(({ type }) => type === 'customValidation').flatMap(demandsOf),
    isNested: rules.some(({ type }) => type === 'nestedValidation'),
  };
}

function demandsOf({
  constraintCls,
  constraints,
  propertyName: property,
  each,
}: Metadata): Property['demands'] {
  return getMetadataStorage()
    .getTargetValidatorConstraints(constraintCls)
    .map(({ instance }) => (value, object) => {
      const about = { targetName: object.constructor.name, property, object, value, constraints };
      // A promise is not true either: such a rule is left to class-validator.
      const holdsFor = (one: unknown): boolean => instance.validate(one, about) === true;
      return each && Array.isArray(value) ? value.every(holdsFor) : !each && holdsFor(value);
    });
}
