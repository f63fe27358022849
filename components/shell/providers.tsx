'use client';

import { ThemeProvider } from 'next-themes';
import { NuqsAdapter } from 'nuqs/adapters/next/app';
import { Tooltip } from 'radix-ui';
import type { ReactNode } from 'react';
import { ReadingProvider } from '../flows/reading.tsx';
import { DashboardProvider } from '../store/dashboard-provider.tsx';

export function Providers({ nonce, children }: { readonly nonce: string; readonly children: ReactNode }) {
  return (
    <ThemeProvider attribute="class" defaultTheme="system" enableSystem disableTransitionOnChange nonce={nonce}>
      <NuqsAdapter>
        <Tooltip.Provider delayDuration={250}>
          <DashboardProvider>
            <ReadingProvider>{children}</ReadingProvider>
          </DashboardProvider>
        </Tooltip.Provider>
      </NuqsAdapter>
    </ThemeProvider>
  );
}
