import { applyDecorators, UseGuards } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import { LobbyGuard } from './lobby.guard.js';

/** For a route below `:event`: while more people come than the event's lobby lets in, it takes a pass. */
export function BehindLobby() {
  return applyDecorators(
    UseGuards(LobbyGuard),
    ApiHeader({ name: 'Foyer-Pass', required: false, description: 'The pass of the event’s lobby' }),
    ApiHeader({ name: 'Foyer-Ticket', required: false, description: 'Keeps the place in the line' }),
  );
}
