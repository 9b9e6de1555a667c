import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What a run saw of an object that it found to be too much: a digest, no values. Who removes it reads it again first, and
 * leaves alone what is another by then. Null: the backend lets nobody read it by its id.
 */
export class WhatARunSaw0041 implements MigrationInterface {
  name = 'whatARunSaw0000000000041';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table discrepancies add column seen_sha256 text');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table discrepancies drop column seen_sha256');
  }
}
