// What axe finds on a page, of what keeps a person from using it. Each finding is its rule and the elements.

import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright/test';

/** By every rule. */
export function seriousFindings(page: Page): Promise<string[]> {
  return findings(new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']));
}

/** What another theme can change of a page that was looked at whole. */
export function contrastFindings(page: Page): Promise<string[]> {
  return findings(new AxeBuilder({ page }).withRules(['color-contrast', 'link-in-text-block']));
}

async function findings(builder: AxeBuilder): Promise<string[]> {
  const { violations } = await builder.options({ resultTypes: ['violations'] }).analyze();
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  return serious.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`);
}
