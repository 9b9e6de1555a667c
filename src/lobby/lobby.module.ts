import { Module } from '@nestjs/common';
import { EventsModule } from '../events/events.module.js';
import { LobbyController } from './lobby.controller.js';
import { LobbyGuard } from './lobby.guard.js';
import { LobbySettings } from './lobby-settings.service.js';
import { LobbyService } from './lobby.service.js';
import { LineLedger } from './line-ledger.js';
import { LobbyTokens } from './lobby-tokens.js';
import { Numbers } from './numbers.js';
import { Presences } from './presences.js';
import { Releaser } from './releaser.js';
import { Rooms } from './rooms.js';
import { Slices } from './slices.js';

/** The waiting room: who may register now, and in what order the others may. */
@Module({
  imports: [EventsModule],
  controllers: [LobbyController],
  providers: [
    Rooms,
    LobbyTokens,
    Numbers,
    Presences,
    Slices,
    LobbyService,
    LobbySettings,
    LineLedger,
    Releaser,
    LobbyGuard,
  ],
  exports: [Rooms, LobbyTokens, Slices, LobbyService, LobbyGuard],
})
export class LobbyModule {}
