import 'reflect-metadata';
import { RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { ModulesContainer } from '@nestjs/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROUTE_TABLE } from '../../src/identity/route-table.js';
import { TestApp } from '../http/app.js';

let app: TestApp;
let routes: string[];

beforeAll(async () => {
  app = await TestApp.start();
  routes = [...app.nest.get(ModulesContainer).values()].flatMap((module) =>
    [...module.controllers.values()].flatMap(({ metatype }) => routesOf(metatype as new () => object)),
  );
});

afterAll(() => app.stop());

function routesOf(controller: new () => object): string[] {
  const base = Reflect.getMetadata(PATH_METADATA, controller) as string;
  const prototype = controller.prototype as Record<string, unknown>;
  return Object.getOwnPropertyNames(prototype).flatMap((name) => {
    const handler = prototype[name];
    if (typeof handler !== 'function') return [];
    const method = Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod | undefined;
    if (method === undefined) return [];
    const path = [base, Reflect.getMetadata(PATH_METADATA, handler) as string]
      .map((part) => part.replace(/^\/|\/$/g, ''))
      .filter(Boolean)
      .join('/');
    return [`${RequestMethod[method]} /${path}`];
  });
}

describe('The table of routes', () => {
  it('names every route that exists', () => {
    expect(routes.length).toBeGreaterThan(20);
    expect(routes.filter((route) => !(route in ROUTE_TABLE))).toEqual([]);
  });

  it('names no route that does not exist', () => {
    const missing = Object.keys(ROUTE_TABLE).filter((route) => !routes.includes(route));
    expect(missing).toEqual([]);
  });

  it('lets nobody without credentials use a route that is not public', async () => {
    for (const [route, access] of Object.entries(ROUTE_TABLE)) {
      const [method, path] = route.split(' ') as [string, string];
      const answer = await app.call(method, path.replace(/:\w+/g, '00000000-0000-0000-0000-000000000000'));
      if (access === 'public') expect([401, 403], route).not.toContain(answer.status);
      else expect(answer.status, route).toBe(401);
    }
  });
});
