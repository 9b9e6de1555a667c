import { type ValidationError, ValidationPipe } from '@nestjs/common';
import { invalidRequest, type ProblemFault } from './problem.js';
import { escapePointer } from './text-guard.js';

/** DTOs are checked by class-validator; an unknown property is refused; every fault is named by its JSON pointer. */
export function validationPipe(): ValidationPipe {
  return new ValidationPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    stopAtFirstError: true,
    exceptionFactory: (errors) => invalidRequest(errors.flatMap((error) => faults(error, ''))),
  });
}

/** class-validator's faults, each at its JSON pointer below `prefix`. */
export function faults(error: ValidationError, prefix: string): ProblemFault[] {
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
