import type { Piece } from "./piece.ts";
import { definitions } from "./pieces/definitions.ts";
import { files } from "./pieces/files.ts";
import { settings } from "./pieces/settings.ts";
import { texts } from "./pieces/texts.ts";
import { watches } from "./pieces/watches.ts";

export const pieces: readonly Piece[] = [...texts, ...files, ...definitions, ...settings, ...watches];
