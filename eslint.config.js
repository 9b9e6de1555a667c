import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist/**', 'var/**', 'node_modules/**', '**/*.mjs', 'eslint.config.js'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { project: './tsconfig.json' } },
    rules: {
      eqeqeq: 'error',
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Read it in src/platform/config only.' },
      ],
      // Off: Nest modules are classes that carry only a decorator.
      '@typescript-eslint/no-extraneous-class': 'off',
      // Off: numbers in template strings read well and cannot surprise.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // Off for unused names that begin with an underscore: positions in a signature that others fix.
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // Off: with noUncheckedIndexedAccess the checked way reads worse where the index is known to be there.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // Off: `void promise` marks a promise left alone on purpose; arrow shorthands returning void are fine.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    },
  },
  { files: ['test/**', 'bench/**', 'sandbox/**'], rules: { 'no-restricted-properties': 'off' } },
  prettier,
);
