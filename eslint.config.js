import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

const ENVIRONMENT = {
  object: 'process',
  property: 'env',
  message: 'Read it in src/platform/config only.',
};

export default tseslint.config(
  { ignores: ['dist/**', 'var/**', 'coverage/**', 'node_modules/**', 'eslint.config.js'] },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.json' } },
    rules: {
      // Off for null: `!= null` is the one short way to say "neither null nor undefined".
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-restricted-properties': ['error', ENVIRONMENT],
      // Off: Nest modules are classes that carry only a decorator.
      '@typescript-eslint/no-extraneous-class': 'off',
      // Off: numbers in template strings read well and cannot surprise.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // Off for unused names that begin with an underscore: positions in a signature that others fix.
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // Off: Nest declares the shapes of its options as classes; a literal is what they are for.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // Off: with noUncheckedIndexedAccess the checked way reads worse where the index is known to be there.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // Off: `void promise` marks a promise left alone on purpose; arrow shorthands returning void are fine.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    },
  },
  // Off: these are not the program, and the environment is how they are told things; and the one folder that reads it.
  {
    files: ['test/**', 'bench/**', 'sandbox/**', 'src/platform/config/**', 'vitest.config.ts'],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    // The launcher is plain JavaScript: it runs before anything is installed.
    files: ['**/*.mjs'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          'process',
          'console',
          'URL',
          'fetch',
          'AbortController',
          'AbortSignal',
          'setTimeout',
          'clearTimeout',
        ].map((name) => [name, 'readonly']),
      ),
    },
    rules: {
      // Off for null: `!= null` is the one short way to say "neither null nor undefined".
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-undef': 'error',
      'no-unused-vars': 'error',
      'prefer-const': 'error',
    },
  },
  prettier,
);
