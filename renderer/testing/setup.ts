/** Before each file of component tests: a page on a busy computer may take longer than the library's own second. */
import { configure } from '@testing-library/react';

configure({ asyncUtilTimeout: 15_000 });
