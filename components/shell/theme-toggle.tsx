'use client';

import { Monitor, Moon, Sun } from 'lucide-react';
import { useTheme } from 'next-themes';
import { useEffect, useState } from 'react';
import { Button } from '../controls/button.tsx';
import { Menu, MenuChoices } from '../controls/menu.tsx';

const themes = [
  { value: 'dark', label: 'Dark', icon: Moon },
  { value: 'light', label: 'Light', icon: Sun },
  { value: 'system', label: 'As the system', icon: Monitor },
] as const;

export function ThemeToggle() {
  const { theme, setTheme } = useTheme();
  const [mounted, setMounted] = useState(false);
  useEffect(() => setMounted(true), []);
  const shown = mounted ? (theme ?? 'system') : 'system';
  const Icon = themes.find(({ value }) => value === shown)?.icon ?? Monitor;
  return (
    <Menu
      trigger={
        <Button weight="icon" aria-label={`Theme: ${shown}`}>
          <Icon size={15} strokeWidth={1.8} aria-hidden />
        </Button>
      }
    >
      <MenuChoices value={shown} choices={themes} onChoose={setTheme} />
    </Menu>
  );
}
