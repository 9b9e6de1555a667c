import type { ComponentChildren, VNode } from 'preact';
import type { Question } from './questions.js';
import type { Words } from './words.js';

/** What was given before, by field name, and what was wrong with it: a form comes back as it was sent. */
export interface Given {
  readonly values: ReadonlyMap<string, readonly string[]>;
  readonly wrongs: ReadonlyMap<string, string>;
}

interface FieldProps {
  readonly words: Words;
  readonly given: Given;
  readonly name: string;
  readonly label: string;
  readonly hint?: string | null | undefined;
  readonly isRequired?: boolean;
}

/** A label, its field, what it means and what is wrong with it, tied together for those who listen. */
function Field({
  words,
  given,
  name,
  label,
  hint,
  isRequired,
  children,
}: FieldProps & { children: ComponentChildren }): VNode {
  const wrong = given.wrongs.get(name);
  return (
    <div class="field">
      <label for={name}>
        {label} {!isRequired && <span class="optional">({words.optional})</span>}
      </label>
      {children}
      {hint && <small id={`${name}-hint`}>{hint}</small>}
      {wrong && (
        <p class="wrong" id={`${name}-wrong`}>
          {wrong}
        </p>
      )}
    </div>
  );
}

/** The attributes that every kind of field has. */
function attributes({ given, name, hint, isRequired }: FieldProps): Record<string, unknown> {
  const isWrong = given.wrongs.has(name);
  const told = [hint && `${name}-hint`, isWrong && `${name}-wrong`].filter(Boolean).join(' ');
  return {
    id: name,
    name,
    required: isRequired,
    ...(isWrong ? { 'aria-invalid': 'true' } : {}),
    ...(told ? { 'aria-describedby': told } : {}),
  };
}

export function TextField(
  props: FieldProps & {
    type?: 'text' | 'email' | 'tel' | 'date' | 'number';
    autoComplete?: string;
    lengthMax?: number | null;
    step?: string;
  },
): VNode {
  const { type = 'text', autoComplete = 'off', lengthMax, step, given, name } = props;
  const typed: Record<string, unknown> = {
    type,
    autoComplete,
    value: given.values.get(name)?.[0] ?? '',
    ...(lengthMax ? { maxLength: lengthMax } : {}),
    ...(step ? { step } : {}),
  };
  return (
    <Field {...props}>
      <input {...attributes(props)} {...typed} />
    </Field>
  );
}

export function TextArea(props: FieldProps & { lengthMax?: number | null }): VNode {
  const { given, name, lengthMax } = props;
  return (
    <Field {...props}>
      <textarea {...(lengthMax ? { maxLength: lengthMax } : {})} {...attributes(props)}>
        {given.values.get(name)?.[0] ?? ''}
      </textarea>
    </Field>
  );
}

export function SelectField(
  props: FieldProps & {
    choices: readonly (readonly [value: string, label: string])[];
    autoComplete?: string;
  },
): VNode {
  const { words, given, name, choices, autoComplete } = props;
  const chosen = given.values.get(name)?.[0] ?? '';
  return (
    <Field {...props}>
      <select {...attributes(props)} autoComplete={autoComplete ?? 'off'}>
        <option value="">{words.choose}</option>
        {choices.map(([value, label]) => (
          <option value={value} selected={value === chosen}>
            {label}
          </option>
        ))}
      </select>
    </Field>
  );
}

/** One thing to say yes to. */
export function Tick({
  given,
  name,
  value = 'yes',
  isRequired = false,
  children,
}: {
  given: Given;
  name: string;
  value?: string;
  isRequired?: boolean;
  children: ComponentChildren;
}): VNode {
  const wrong = given.wrongs.get(name);
  const id = value === 'yes' ? name : `${name}-${value}`;
  return (
    <label class="tick" for={id}>
      <input
        type="checkbox"
        id={id}
        name={name}
        value={value}
        checked={given.values.get(name)?.includes(value) ?? false}
        required={isRequired}
        {...(wrong ? { 'aria-invalid': 'true', 'aria-describedby': `${id}-wrong` } : {})}
      />
      <span>
        {children}
        {wrong && (
          <span class="wrong" id={`${id}-wrong`}>
            {' '}
            {wrong}
          </span>
        )}
      </span>
    </label>
  );
}

/** A question of the event's own form. */
export function QuestionField({
  words,
  given,
  question,
}: {
  words: Words;
  given: Given;
  question: Question;
}): VNode {
  const { label, hint, isRequired, kind, choices, lengthMax } = question;
  const name = `answers.${question.name}`;
  const props = { words, given, name, label, hint, isRequired };
  switch (kind) {
    case 'text':
      return <TextArea {...props} lengthMax={lengthMax} />;
    case 'one':
      return <SelectField {...props} choices={choices.map((choice) => [choice, choice] as const)} />;
    case 'yes':
      return (
        <div class="field">
          <Tick given={given} name={name}>
            {label}
            {hint && <small>{hint}</small>}
          </Tick>
        </div>
      );
    case 'many':
      return (
        <div class="field" role="group" aria-labelledby={`${name}-label`}>
          <span class="label" id={`${name}-label`}>
            {label} {!isRequired && <span class="optional">({words.optional})</span>}
          </span>
          {choices.map((choice) => (
            <Tick given={given} name={name} value={choice}>
              {choice}
            </Tick>
          ))}
        </div>
      );
    case 'integer':
      return <TextField {...props} type="number" step="1" />;
    case 'number':
      return <TextField {...props} type="number" step="any" />;
    default:
      return <TextField {...props} type={kind === 'date' ? 'date' : 'text'} lengthMax={lengthMax} />;
  }
}
