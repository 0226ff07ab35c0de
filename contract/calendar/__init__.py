"""The calendar of the demand: frequencies, period numbers, and the labels of periods.

`frequencies`: what a frequency's name says. `periods`: period numbers and moments, for whole numbers and arrays alike.
`labels`: the date, time or number that a period carries in files, keys and messages.
`zones`: parts of a day whose begins the clocks of a zone show.
`due`: the last complete period at a moment.
"""
