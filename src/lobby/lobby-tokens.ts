import { Injectable } from '@nestjs/common';
import { Settings } from '../platform/config/settings.js';
import { Tokens, tokenKeys } from './token.js';

/** The tokens of this program, signed with its own keys. */
@Injectable()
export class LobbyTokens extends Tokens {
  constructor(settings: Settings) {
    super(tokenKeys(settings.lobby.keys, settings.identity.secret));
  }
}
