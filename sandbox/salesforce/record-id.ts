const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const CHECK = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345';
/** The instance and the reserved characters between prefix and number. */
const MIDDLE = 'Dz000';
const NUMBER_LENGTH = 7;

/** The 18-character id of a record: prefix, instance, number, and the checksum of upper and lower case. */
export function recordId(keyPrefix: string, number: number): string {
  let text = '';
  for (let rest = number; text.length < NUMBER_LENGTH; rest = Math.floor(rest / 62))
    text = DIGITS[rest % 62]! + text;
  return withChecksum(keyPrefix + MIDDLE + text);
}

/** The 18-character form of an id in either form; undefined when it is not an id. */
export function wholeId(id: string): string | undefined {
  if (!/^[0-9a-zA-Z]{15}(?:[0-9a-zA-Z]{3})?$/.test(id)) return undefined;
  const whole = withChecksum(id.slice(0, 15));
  return id.length === 15 || id === whole ? whole : undefined;
}

/** Three characters, each telling which of five are upper case. */
function withChecksum(id: string): string {
  let checksum = '';
  for (let block = 0; block < 15; block += 5) {
    let bits = 0;
    for (let place = 0; place < 5; place += 1) {
      const code = id.charCodeAt(block + place);
      if (code >= 65 && code <= 90) bits |= 1 << place;
    }
    checksum += CHECK[bits]!;
  }
  return id + checksum;
}
