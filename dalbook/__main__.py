"""``python -m dalbook`` is ``dalbook``."""

import sys

from dalbook.cli import main

sys.exit(main())
