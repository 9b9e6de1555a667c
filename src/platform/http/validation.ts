import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { type ValidationError, validateSync } from 'class-validator';
import { isPlainlyValid } from './plainly-valid.js';
import { invalidRequest, notFound, type ProblemFault } from './problem.js';
import { escapePointer, textFaults } from './text-guard.js';

export const RULES = {
  whitelist: true,
  forbidNonWhitelisted: true,
  forbidUnknownValues: true,
  stopAtFirstError: true,
} as const;

/**
 * DTOs are checked by class-validator; an unknown property is refused; every fault is named by its JSON pointer.
 * Texts in the address are guarded as those of a body are; a path that holds such a text leads nowhere.
 * Nest's own pipe does the same with promises and copies on the way: it took a quarter of a registration's time.
 */
@Injectable()
export class DtoPipe implements PipeTransform {
  transform(value: unknown, { metatype, type }: ArgumentMetadata): unknown {
    if (type === 'param' && textFaults(value).length > 0) throw notFound();
    if (type === 'query') demandClean(value);
    if (type === 'custom' || !metatype || BUILT_IN.has(metatype)) return value;
    if (!isObject(value))
      throw invalidRequest([{ pointer: '', code: 'type', message: 'must be an object.' }]);
    return demandValid(metatype as new () => object, value, '');
  }
}

function demandClean(query: unknown): void {
  const found = textFaults(query);
  if (found.length > 0) throw invalidRequest(found);
}

/** @throws Problem `invalid-request` with every fault, below the pointer `prefix` */
export function demandValid<T extends object>(type: new () => T, value: unknown, prefix: string): T {
  const instance = plainToInstance(type, value);
  if (isPlainlyValid(instance)) return instance;
  const errors = validateSync(instance, RULES);
  if (errors.length > 0) throw invalidRequest(errors.flatMap((error) => faults(error, prefix)));
  return instance;
}

const BUILT_IN = new Set<unknown>([String, Number, Boolean, Array, Object, Buffer, Date]);

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function faults(error: ValidationError, prefix: string): ProblemFault[] {
  const pointer = `${prefix}/${escapePointer(error.property)}`;
  const own = Object.entries(error.constraints ?? {}).map(([rule, message]) => ({
    pointer,
    code: rule === 'whitelistValidation' ? 'unknown-property' : kebab(rule),
    message:
      rule === 'whitelistValidation'
        ? 'is not a property that is known here.'
        : sentence(message, error.property),
  }));
  return [...own, ...(error.children ?? []).flatMap((child) => faults(child, pointer))];
}

/** class-validator begins with the property's name, which the pointer says already. */
function sentence(message: string, property: string): string {
  const text = message.startsWith(`${property} `) ? message.slice(property.length + 1) : message;
  return text.endsWith('.') ? text : `${text}.`;
}

function kebab(rule: string): string {
  return rule.replace(/([a-z])([A-Z])/g, '$1-$2').toLowerCase();
}
