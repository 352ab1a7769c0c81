/** Numbers, texts and times as Python and the C library write them: what reads connvitals' output expects those very characters. */

/** `'%.3f' % value`: of two equally near results the even one, as printf(3) has it. */
export function fixed3(value: number): string {
  const size = Math.abs(value);
  const whole = Math.floor(size);
  // Only an odd number of sixteenths lies exactly between two thousandths.
  const sixteenths = (size - whole) * 16;
  if (sixteenths % 2 !== 1) return value.toFixed(3);
  const thousandths = 2 * Math.round((sixteenths * 62.5) / 2);
  return `${value < 0 ? "-" : ""}${whole}.${String(thousandths).padStart(3, "0")}`;
}

/** `repr(value)` of a float: the shortest digits that read back as the same number, always with a point or an exponent. */
export function floatRepr(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
  const [mantissa = "0", power = "0"] = Math.abs(value).toExponential().split("e");
  const digits = mantissa.replace(".", "");
  const exponent = Number(power);
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  if (exponent < -4 || exponent >= 16) return `${sign}${mantissa}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return `${sign}${whole}.${digits.slice(exponent + 1) || "0"}`;
}

const ESCAPES: { readonly [sign: string]: string } = { '"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f" };

/** `json.dumps(text)`: ASCII only. */
export function jsonText(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return `"${text.replaceAll(/["\\\0-\x1f\x7f-\uffff]/g, (sign) => ESCAPES[sign] ?? `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`)}"`;
}

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] as const;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;

/** `Mon Jan  1 12:59:59 2018`, in the time zone of the system (ctime(3)). */
export function ctime(at: number): string {
  const date = new Date(at);
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = String(date.getDate()).padStart(2, " ");
  return `${DAYS[date.getDay()]} ${MONTHS[date.getMonth()]} ${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())} ${date.getFullYear()}`;
}
