/** The one field for numbers: what is heard of it, and what is told of what may not be. */
import { cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { type ComponentProps, useState } from 'react';
import { I18nextProvider } from 'react-i18next';
import { afterEach, expect, test } from 'vitest';
import { createI18n, type Language } from '../i18n.ts';
import { NumberField } from './NumberField.tsx';

afterEach(cleanup);

type Changed = Partial<ComponentProps<typeof NumberField>>;

function Kept({ onHear, ...props }: Changed & { onHear(value: number | undefined): void }) {
  const [value, setValue] = useState(props.value);
  const change = (next: number | undefined): void => {
    onHear(next);
    setValue(next);
  };
  return <NumberField label="Threads" placeholder="Automatic" min={1} max={1000} {...props} value={value} onChange={change} />;
}

/** A field that keeps what it says, beside a button to go on to. */
function show(props: Changed = {}, language: Language = 'en') {
  const heard: (number | undefined)[] = [];
  render(
    <I18nextProvider i18n={createI18n(language)}>
      <Kept {...props} onHear={(value) => heard.push(value)} />
      <button type="button">Next</button>
    </I18nextProvider>,
  );
  return { heard, user: userEvent.setup(), field: screen.getByRole<HTMLInputElement>('spinbutton', { name: 'Threads' }) };
}
const told = (): string | undefined => screen.queryByRole('alert')?.textContent ?? undefined;
/** What a screen reader says after the field's name. */
const description = (field: HTMLElement): (string | undefined)[] =>
  (field.getAttribute('aria-describedby') ?? '').split(' ').flatMap((id) => document.getElementById(id)?.textContent ?? []);

test('a number is heard once, when the field is left', async () => {
  const { field, user, heard } = show();
  await user.type(field, '16');
  expect(heard).toEqual([]);
  await user.tab();
  expect([heard, field.value]).toEqual([[16], '16']);
});

test('a number is heard at Enter, and when typing stops', async () => {
  const { field, user, heard } = show();
  await user.type(field, '4{Enter}');
  expect(heard).toEqual([4]);
  await user.type(field, '2');
  await expect.poll(() => heard, { timeout: 5000 }).toEqual([4, 42]);
  expect(document.activeElement).toBe(field);
});

test('an empty field is the default, which it shows; it waits for the next number until it is left', async () => {
  const { field, user, heard } = show({ value: 8 });
  expect(field.placeholder).toBe('Automatic');
  await user.clear(field);
  await new Promise((resolve) => setTimeout(resolve, 900));
  expect([heard, told()]).toEqual([[], undefined]);
  await user.tab();
  expect([heard, field.value]).toEqual([[undefined], '']);
});

test('what is out of range is told while it stands there and after, and never heard', async () => {
  const { field, user, heard } = show({ value: 8 });
  await user.clear(field);
  await user.type(field, '1001');
  expect(told()).toBe('A whole number from 1 to 1,000.');
  expect([field.getAttribute('aria-invalid'), description(field)]).toEqual(['true', ['A whole number from 1 to 1,000.']]);
  await new Promise((resolve) => setTimeout(resolve, 900));
  expect(field.value).toBe('1001');
  await user.tab();
  expect([field.value, field.getAttribute('aria-invalid'), told()]).toEqual(['8', 'false', 'A whole number from 1 to 1,000.']);
  await user.type(field, '0');
  expect([told(), heard]).toEqual([undefined, []]);
});

test('a fraction may be where its step is one, and is refused where only whole numbers may be', async () => {
  const whole = show();
  await whole.user.type(whole.field, '2.5');
  expect(told()).toBe('A whole number from 1 to 1,000.');
  cleanup();
  const fraction = show({ step: 0.05, min: 0.5, max: 2, unit: '%' }, 'fr');
  await fraction.user.type(fraction.field, '1.25{Enter}');
  expect(fraction.heard).toEqual([1.25]);
  screen.getByText('%');
  await fraction.user.type(fraction.field, '9');
  await fraction.user.clear(fraction.field);
  await fraction.user.type(fraction.field, '3');
  expect(told()).toBe('Un nombre de 0,5 à 2.');
});

test('what no number can be read from is refused too', async () => {
  const { field, user, heard } = show({ value: 8 });
  Object.defineProperty(field, 'validity', { configurable: true, value: { badInput: true } });
  await user.type(field, '-');
  expect(told()).toBe('A whole number from 1 to 1,000.');
  await user.tab();
  expect([heard, field.value]).toEqual([[], '8']);
});

test('the hint and what stands below describe the field', () => {
  const { field } = show({ hint: 'Of 8 cores', hideHint: true, below: (id) => <span id={id}>from the settings</span> });
  expect(description(field)).toEqual(['from the settings', 'Of 8 cores']);
  expect(screen.getByText('Of 8 cores').className).toBe('sr-only');
});
