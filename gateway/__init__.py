"""Who may ask what, and the answer: access, subjects, questions, protection, audit, HTTP."""
