import { Global, Module } from '@nestjs/common';
import { Bell } from './bell.js';
import { Lookout } from './lookout.js';

/** The change log: appended to by SQL in the writer's transaction, read by lanes, announced by the bell. */
@Global()
@Module({ providers: [Bell, Lookout], exports: [Bell, Lookout] })
export class ChangesModule {}
