import { Module } from '@nestjs/common';
import { ProblemsController } from '../http/problems.controller.js';
import { HealthController } from './health.controller.js';

@Module({ controllers: [HealthController, ProblemsController] })
export class HealthModule {}
