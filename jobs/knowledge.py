"""Have the words of answers read that were marked since the last time."""

from bot.knowledge import answer_texts
from jobs.each_workspace import write_where

read_answers = write_where(answer_texts.due, answer_texts.enqueue_due)
