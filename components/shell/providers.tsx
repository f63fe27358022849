'use client';

import { ThemeProvider } from 'next-themes';
import { NuqsAdapter } from 'nuqs/adapters/next/app';
import { Tooltip } from 'radix-ui';
import type { ReactNode } from 'react';
import { ReadingProvider } from '../flows/reading.tsx';
import { TraceUrlProvider } from '../panel/trace-link.tsx';
import { DashboardProvider } from '../store/dashboard-provider.tsx';

interface ProvidersProps {
  readonly nonce: string;
  /** Template of links to a tracing system; '' for none. */
  readonly traceUrl: string;
  readonly children: ReactNode;
}

export function Providers({ nonce, traceUrl, children }: ProvidersProps) {
  return (
    <ThemeProvider attribute="class" defaultTheme="system" enableSystem disableTransitionOnChange nonce={nonce}>
      <NuqsAdapter>
        <Tooltip.Provider delayDuration={250}>
          <DashboardProvider>
            <ReadingProvider>
              <TraceUrlProvider template={traceUrl}>{children}</TraceUrlProvider>
            </ReadingProvider>
          </DashboardProvider>
        </Tooltip.Provider>
      </NuqsAdapter>
    </ThemeProvider>
  );
}
