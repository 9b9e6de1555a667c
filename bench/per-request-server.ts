/**
 * The baseline as most would build it: Nest on Fastify, the same checks of the body, and a transaction for each request
 * over a pool of 16. It writes what the product writes, by the product's own function. The product's guards, interceptors
 * and answer in full it does without, which favours it.
 */
import 'reflect-metadata';
import { Body, Controller, Headers, Module, Post, ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsEmail,
  IsISO31661Alpha2,
  IsObject,
  IsOptional,
  IsString,
  Length,
  MaxLength,
  ValidateNested,
} from 'class-validator';
import pg from 'pg';
import { register } from './register.js';

const [databaseUrl, event] = process.argv.slice(2);
const pool = new pg.Pool({ connectionString: databaseUrl, max: 16 });

class AttendeeDto {
  @IsEmail() @MaxLength(254) email!: string;
  @IsString() @Length(1, 100) firstName!: string;
  @IsString() @Length(1, 100) lastName!: string;
  @IsOptional() @IsString() @MaxLength(200) company?: string;
  @IsOptional() @IsString() @MaxLength(200) jobTitle?: string;
  @IsOptional() @IsISO31661Alpha2() country?: string;
}

class ConsentDto {
  @IsString() @MaxLength(80) purpose!: string;
  @IsBoolean() granted!: boolean;
}

class RegisterDto {
  @ValidateNested() @Type(() => AttendeeDto) attendee!: AttendeeDto;
  @IsOptional() @IsObject() answers?: Record<string, unknown>;
  @IsArray()
  @ArrayMaxSize(20)
  @ValidateNested({ each: true })
  @Type(() => ConsentDto)
  consents!: ConsentDto[];
}

@Controller()
class RegistrationsController {
  @Post()
  async create(@Body() dto: RegisterDto, @Headers('idempotency-key') key: string): Promise<object> {
    const client = await pool.connect();
    try {
      await client.query('begin');
      await register(client, event!, [{ body: JSON.stringify(dto), key }]);
      await client.query('commit');
      return { status: 'confirmed', attendee: dto.attendee, consents: dto.consents };
    } catch (error) {
      await client.query('rollback');
      throw error;
    } finally {
      client.release();
    }
  }
}

@Module({ controllers: [RegistrationsController] })
class PerRequestModule {}

const app = await NestFactory.create(PerRequestModule, new FastifyAdapter(), { logger: false });
app.useGlobalPipes(new ValidationPipe({ transform: true, whitelist: true, forbidNonWhitelisted: true }));
await app.listen(0, '127.0.0.1');
console.log(JSON.stringify({ url: await app.getUrl() }));
